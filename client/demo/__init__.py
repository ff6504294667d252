"""The demo: the whole stream path in one go, with proof hop by hop and a look into the stores."""
