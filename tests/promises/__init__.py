"""What the low cost template promises, each as a test of the built template.

Each takes the template alone and asserts that it looked at something; beside the promises of a
module stands, by name, how each is broken. None proves how AWS behaves: no AWS was asked.
"""
