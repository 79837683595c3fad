"""The vendors' emulator: real wire formats over real HTTP, with an invoice and a fault menu of its own.

`contract` is what a vendor's part is made of, `server` carries it over HTTP, `control` is `/invoice` and `/faults`.
A vendor joins by naming its part in `ProviderConfig.emulator`. Nothing here reads a client or a `catalog.toml`.
"""
