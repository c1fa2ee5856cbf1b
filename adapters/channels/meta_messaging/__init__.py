"""How do customers write on Messenger and Instagram, and how are they answered? Both speak one protocol of Meta's."""
