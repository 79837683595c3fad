"""AUTOMATIC1111's Stable Diffusion web UI and Forge on a machine of one's own, by their API under /sdapi/v1."""
