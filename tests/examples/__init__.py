"""What others are shown, run as they would: the action, the image, recipes, examples. `make test-examples`."""
