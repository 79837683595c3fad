"""What a model takes as a picture or draws as a size, in words beside the fields before anything is spent."""

from providers.base import Capabilities, FreeSize, InputLimits

ANYTHING = InputLimits()


def reference_words(able: Capabilities) -> str:
    """ "PNG or JPEG, 64 to 1,024 pixels on each side, at most 10 MB each"."""
    limits = able.input_limits
    parts = [_kinds(limits.formats)]
    if limits.most_side < ANYTHING.most_side:
        parts.append(f"{limits.least_side:,} to {limits.most_side:,} pixels on each side")
    elif limits.least_side > 1:
        parts.append(f"at least {limits.least_side:,} pixels on each side")
    if limits.least_pixels > 1:
        parts.append(f"at least {limits.least_pixels:,} pixels in all")
    if limits.most_pixels < ANYTHING.most_pixels:
        parts.append(f"at most {limits.most_pixels:,} pixels in all")
    if limits.most_bytes < ANYTHING.most_bytes:
        parts.append(f"at most {_bytes(limits.most_bytes)}{' each' if able.most_input_images > 1 else ''}")
    if limits.most_bytes_together < ANYTHING.most_bytes_together and able.most_input_images > 1:
        parts.append(f"at most {_bytes(limits.most_bytes_together)} together")
    return f"{', '.join(parts)}."


def size_words(rules: FreeSize) -> str:
    """ "Any size: sides from 512 to 2,048 pixels in steps of 64, at most 3,145,728 pixels in all, at most 3:1."."""
    parts = [f"Any size: sides from {rules.least_side:,} to {rules.most_side:,} pixels"]
    parts[0] += f" in steps of {rules.step}" if rules.step > 1 else ""
    if rules.least_pixels > rules.least_side**2:
        parts.append(f"at least {rules.least_pixels:,} pixels in all")
    if rules.most_pixels < rules.most_side**2:
        parts.append(f"at most {rules.most_pixels:,} pixels in all")
    if rules.widest < rules.most_side / rules.least_side:
        parts.append(f"at most {rules.widest:g}:1")
    if rules.default:
        parts.append(f"{rules.default[0]} × {rules.default[1]} when nothing is asked")
    return f"{', '.join(parts)}."


def _kinds(formats: tuple[str, ...]) -> str:
    names = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WebP"}
    *others, last = [names.get(kind, kind) for kind in formats]
    return f"{', '.join(others)} or {last}" if others else last


def _bytes(count: int) -> str:
    mega = count / 2**20
    return (
        f"{mega:.0f} MB" if mega >= 10 or mega == int(mega) else f"{mega:.1f} MB" if mega >= 1 else f"{count:,} bytes"
    )
