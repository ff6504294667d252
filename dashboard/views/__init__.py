"""The pages: each asks its questions, draws its charts, and knows nothing of how the answers come."""
