"""Record the raw WebSocket feeds of crypto venues, and replay them through a local mock venue."""

__all__ = ["__version__"]

__version__ = "0.1.0"
