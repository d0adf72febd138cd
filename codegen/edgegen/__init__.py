"""edgegen: one trained model in, a native deployment project out."""

__version__ = "0.1.0"
