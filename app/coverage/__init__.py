"""Indicators, ledger, roll-ups, dashboards, exports."""
