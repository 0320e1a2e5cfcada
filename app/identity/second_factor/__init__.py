"""The second factor: six digits a telephone shows for half a minute, asked for after the password."""
