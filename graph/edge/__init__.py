"""The edge: bytes of HTTP and WebSocket in, bytes out, and who may ask for what."""
