"""ComfyUI on a machine of one's own: checkpoints by a built-in graph, and own workflows in API format."""
