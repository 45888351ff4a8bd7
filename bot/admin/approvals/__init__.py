"""What waits for a second person: proposals of every act, and refunds that were asked for."""
