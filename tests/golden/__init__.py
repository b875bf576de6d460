"""What the emitters must write, byte for byte, and the report that they write it from."""
