"""The year's plan: need, quota, decision, nominated, done, money; broadcasts, experts, commendation."""
