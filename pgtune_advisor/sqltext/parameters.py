import re


def parameters(text):
    return tuple(sorted({int(x) for x in re.findall(r"\$(\d+)", text)}))


def preparable(text):
    return text


def substituted(text, literals):
    return re.sub(r"\$(\d+)", lambda m: literals[int(m[1])], text)


def limit_parameters(text):
    out = {}
    for m in re.finditer(r"(?i)\b(limit|offset)\s+\$(\d+)", text):
        out[int(m[2])] = m[1].lower()
    return out
