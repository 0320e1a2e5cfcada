"""Tables people take away."""
