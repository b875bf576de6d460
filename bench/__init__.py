"""What is measured, with the script that measures it."""
