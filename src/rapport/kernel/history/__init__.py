"""What was changed and who looked: reading and exporting the trail that triggers and pages leave."""
