"""Every block of commands in README and docs, run as a person would, against stand-ins for AWS.

Programs that would reach the world are stand-ins that note down how they were called; the AWS
command line is the real one. Not proved: what AWS answers, and what the programs would do.
"""
