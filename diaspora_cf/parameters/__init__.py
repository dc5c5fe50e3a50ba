"""Every question that a person is asked, one module per group of the console's form.

A question stands beside the conditions on its answer, so that nothing about a parameter has to
be looked for elsewhere. What no single answer can get wrong, but two together can, is in
``rules``.
"""
