"""Plots as SVG that a page can hold: no library, nothing from elsewhere."""

import html
import math

COLOURS = ("#2f6f9f", "#c8553d", "#588157", "#8e6c8a", "#b08900", "#5f6b7a", "#d17b88")
WIDTH, LEFT, RIGHT, BAR = 720, 190, 90, 26


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def text(x, y, said, anchor="start", kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{html.escape(str(said))}</text>'


def figure(title, height, parts):
    inside = "".join(parts)
    caption = html.escape(title)
    return f'<figure><figcaption>{caption}</figcaption><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{caption}">{inside}</svg></figure>'


def bars(title, rows):
    """Rows are (label, value, low, high); a thin line shows the interval where there is one."""
    most = max((high or value) for _, value, _, high in rows) or 1
    wide = WIDTH - LEFT - RIGHT
    parts = []
    for n, (label, value, low, high) in enumerate(rows):
        y = 4 + n * BAR
        parts.append(text(LEFT - 8, y + 16, label, "end"))
        parts.append(f'<rect x="{LEFT}" y="{y + 3}" width="{max(1, wide * value / most):.1f}" height="{BAR - 8}" fill="{COLOURS[0]}"/>')
        if low is not None:
            x, end, middle = (LEFT + wide * v / most for v in (low, high, value))
            parts.append(f'<path d="M{x:.1f} {y + 12}H{end:.1f}M{x:.1f} {y + 8}v8M{end:.1f} {y + 8}v8" class="interval"/>')
            parts.append(text(max(end, middle) + 6, y + 16, number(value)))
        else:
            parts.append(text(LEFT + wide * value / most + 6, y + 16, number(value)))
    return figure(title, 8 + len(rows) * BAR, parts)


def scale(low, high, is_log, start, end):
    """A function from values to places, and its ticks."""
    if is_log:
        low, high = math.log10(max(low, 1e-9)), math.log10(max(high, 1e-9))
        ticks = [m * 10.0**e for e in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
        ticks = [t for t in ticks if low - 1e-9 <= math.log10(t) <= high + 1e-9]
    else:
        low = min(low, 0)
        step = 10.0 ** math.floor(math.log10(max(high - low, 1e-9)))
        step *= 0.2 if (high - low) / step < 2 else 0.5 if (high - low) / step < 5 else 1
        ticks = [low + step * n for n in range(int((high - low) / step) + 1)]
    span = high - low or 1
    return (lambda v: start + (end - start) * ((math.log10(max(v, 1e-9)) if is_log else v) - low) / span), ticks


def lines(title, across, upwards, series, log_x=False, log_y=False):
    """Series are names with lists of (x, y)."""
    height, bottom, left, right = 300, 250, 60, WIDTH - 175
    points = [p for own in series.values() for p in own]
    to_x, ticks_x = scale(min(p[0] for p in points), max(p[0] for p in points), log_x, left, right)
    to_y, ticks_y = scale(min(p[1] for p in points), max(p[1] for p in points), log_y, bottom, 20)
    parts = [f'<path d="M{left} 20V{bottom}H{right}" class="axis"/>']
    for tick in ticks_x:
        parts.append(
            f'<path d="M{to_x(tick):.1f} {bottom}v5" class="axis"/>' + text(to_x(tick), bottom + 18, number(tick), "middle", "small")
        )
    for tick in ticks_y:
        parts.append(
            f'<path d="M{left} {to_y(tick):.1f}H{right}" class="grid"/>' + text(left - 6, to_y(tick) + 4, number(tick), "end", "small")
        )
    parts.append(text((left + right) / 2, bottom + 38, across, "middle") + text(left - 40, 12, upwards))
    for n, (name, own) in enumerate(series.items()):
        colour = COLOURS[n % len(COLOURS)]
        path = "M" + "L".join(f"{to_x(x):.1f} {to_y(y):.1f}" for x, y in own)
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(own) < 30:
            parts += [f'<circle cx="{to_x(x):.1f}" cy="{to_y(y):.1f}" r="3" fill="{colour}"/>' for x, y in own]
        parts.append(
            f'<rect x="{right + 10}" y="{22 + 20 * n}" width="12" height="12" fill="{colour}"/>' + text(right + 28, 32 + 20 * n, name)
        )
    return figure(title, height, parts)


def distribution(title, series):
    """How many of the times were below which: all of them, thinned to what a plot can show."""
    curves = {}
    for name, times in series.items():
        ordered = sorted(times)
        places = sorted({round(n * (len(ordered) - 1) / 199) for n in range(200)})
        curves[name] = [(ordered[place], 100 * (place + 1) / len(ordered)) for place in places]
    return lines(title, "ms", "% below", curves, log_x=True)
