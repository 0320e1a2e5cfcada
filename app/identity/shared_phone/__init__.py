"""Several learners on one phone: a PIN each, one tap to hand it on, nothing of one seen by another."""
