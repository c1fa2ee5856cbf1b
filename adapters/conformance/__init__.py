"""Does a channel behave? The suite that every channel is tried out with."""
