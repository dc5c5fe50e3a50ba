"""What any template is made with: questions, a stack, policies; how it is written, and rendered."""
