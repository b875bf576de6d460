class ValueStatistics: ...


def sample(plan, types, values):
    return ()
