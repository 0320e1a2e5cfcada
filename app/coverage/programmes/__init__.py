"""The training tasks of the plan and what came of each."""
