"""The demo: the whole stream path, with proof hop by hop and a look into the stores."""
