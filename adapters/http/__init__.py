"""The HTTP side: routes, who may ask them, what they answer and how they say no."""
