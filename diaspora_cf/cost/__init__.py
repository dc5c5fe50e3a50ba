"""What a stack costs a month, computed from its template."""
