"""How a figure is counted: facts, the rules of one person, the ledger and its sums, trees of units, the figure."""
