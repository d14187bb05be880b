"""What trading does when it is asked: each verb owns its transaction."""
