"""Pictures and videos in, one result document out."""
