"""What compliance does."""
