"""Programme > course > module > lesson, published versions, rendering, questions, search."""
