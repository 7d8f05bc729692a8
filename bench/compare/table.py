# SPDX-License-Identifier: Apache-2.0
"""From samples to verdicts: medians, ratios of pairs, budgets; as a Markdown table and as JSON."""

from statistics import median

from loads import ABSOLUTE, RATIO, UNCHANGED

QUALITY = ("lost", "out_of_order", "duplicates")


def spread(values):
    """{median, min, max} of the values, None without any."""
    if not values:
        return None
    return {"median": median(values), "min": min(values), "max": max(values)}


def evaluate(figure, samples, subject, reference, others, baseline):
    """One row: `samples` maps a peer's name to its figures, one per pair (None where a run failed)."""
    mine, theirs = samples.get(subject, []), samples.get(reference, [])
    ratios = [a / b for a, b in zip(mine, theirs) if a is not None and b]
    row = {"id": figure.id, "title": figure.title, "unit": figure.unit, "pairs": len(ratios),
           "kind": RATIO if baseline else figure.kind, "limit": UNCHANGED if baseline else figure.limit,
           "ratio": spread(ratios), "peers": {}}
    for name in [subject, reference, *others]:
        row["peers"][name] = spread([value for value in samples.get(name, []) if value is not None])
    reached = row["peers"][subject] if row["kind"] == ABSOLUTE else row["ratio"]
    row["reached"] = reached["median"] if reached else None
    judged = row["limit"] is not None
    row["pass"] = reached is not None and (not judged or reached["median"] <= row["limit"])
    return row


def evaluate_quotient(quotient, samples, subject):
    """Its row if both of its figures were measured: the median of the rounds' quotients."""
    over, under = (samples.get(id_, {}).get(subject, []) for id_ in (quotient.over, quotient.under))
    found = spread([a / b for a, b in zip(over, under) if a is not None and b])
    if not found:
        return None
    reached = found["median"]
    return {"id": quotient.id, "title": quotient.title, "unit": "", "pairs": 0, "kind": ABSOLUTE,
            "limit": quotient.limit, "at_least": quotient.at_least, "ratio": None, "peers": {subject: found},
            "reached": reached, "pass": reached >= quotient.limit if quotient.at_least else reached <= quotient.limit}


def evaluate_quality(counts, subject):
    """A row that fails if the measured server lost, repeated or reordered anything."""
    total = sum(counts.get(subject, {}).values())
    return {"id": "order", "title": "messages lost, repeated or out of order, all loads", "unit": "", "pairs": 0,
            "kind": ABSOLUTE, "limit": 0, "ratio": None,
            "peers": {name: spread([sum(found.values())]) for name, found in counts.items()},
            "reached": total, "pass": total == 0}


def number(value):
    if value is None:
        return "–"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def cell(values):
    if not values:
        return "–"
    if values["min"] == values["max"]:
        return number(values["median"])
    return f"{number(values['median'])} ({number(values['min'])}–{number(values['max'])})"


def limit_text(row):
    if row["limit"] is None:
        return "–"
    unit = f" {row['unit']}" if row["kind"] == ABSOLUTE and row["unit"] else ""
    sign = "≥ " if row.get("at_least") else "≤ " if row["limit"] else ""
    return f"{sign}{number(row['limit'])}{unit}"


def verdict(row):
    if not row["pass"]:
        return "FAIL"
    return "pass" if row["limit"] is not None else ""


def markdown(rows, subject, names):
    """Medians with (minimum–maximum); ratios are those of pairs measured next to each other."""
    head = ["", "scenario", "unit", *names, f"{subject} : {names[1]}", "budget", ""]
    lines = [[row["id"], row["title"], row["unit"], *(cell(row["peers"].get(name)) for name in names),
              cell(row["ratio"]), limit_text(row), verdict(row)] for row in rows]
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    def format_line(line):
        return "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |"
    rule = "| " + " | ".join("-" * max(width, 3) for width in widths) + " |"
    return "\n".join([format_line(head), rule, *map(format_line, lines)])
