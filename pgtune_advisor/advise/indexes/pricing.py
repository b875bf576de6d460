class ModelPrices:
    def __init__(self, tables):
        self.t = tables

    def size(self, i):
        t = self.t.find(i.relation)
        w = (
            8
            + 4
            + sum(-(-t.width(k.column) // 8) * 8 if k.column else 16 for k in i.keys)
            + sum(t.width(c) for c in i.include)
        )
        rows = t.rows * (0.05 if i.predicate else 1)
        if i.method == "brin":
            return 50000
        return int(rows * w * 1.1) + 16384

    def upkeep(self, i):
        return 0.0

    def upkeep_note(self, i):
        return "no writes"

    def build_ms(self, i):
        return 100.0
