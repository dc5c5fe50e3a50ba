"""CloudFormation templates for a diaspora* pod on one's own AWS account."""
