"""What changes people's rows; each module is a noun, each function a verb of it."""
