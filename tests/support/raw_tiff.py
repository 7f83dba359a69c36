"""A TIFF tag by tag, as no library would write it."""


def raw_tiff(samples: bytes, tags: dict[int, tuple[int, ...]]) -> bytes:
    """A little-endian TIFF of 64 x 48 with these samples as one strip; `tags` are shorts and go over the plain ones."""
    fields = {256: (64,), 257: (48,), 259: (1,), 277: (1,), 278: (48,), **tags}
    count = len({*fields, 273, 279})
    extra_at = 8 + 2 + 12 * count + 4
    extra, entries = b"", []
    sizes = {279: (len(samples),)}
    for tag, values in sorted({**fields, 273: (0,), **sizes}.items()):
        packed = b"".join(value.to_bytes(2, "little") for value in values) if tag not in (273, 279) else b""
        kind = 4 if tag in (273, 279) else 3
        if len(packed) > 4:
            entries.append((tag, kind, len(values), (extra_at + len(extra)).to_bytes(4, "little")))
            extra += packed
        else:
            entries.append((tag, kind, len(values), packed.ljust(4, b"\0")))
    data_at = extra_at + len(extra)
    places = {273: data_at, 279: len(samples) if 279 not in tags else tags[279][0]}
    body = b"".join(
        tag.to_bytes(2, "little")
        + kind.to_bytes(2, "little")
        + number.to_bytes(4, "little")
        + (places[tag].to_bytes(4, "little") if tag in places else value)
        for tag, kind, number, value in entries
    )
    return b"II*\0" + (8).to_bytes(4, "little") + count.to_bytes(2, "little") + body + b"\0" * 4 + extra + samples
