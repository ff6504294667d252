"""Records of the stream: written and split."""
