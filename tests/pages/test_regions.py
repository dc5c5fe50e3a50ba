"""Where a pod can run is computed, by what cfn-lint carries of AWS's own descriptions.

It does not prove that an account may use a region, or that a zone has room.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cfnlint
import yaml
from cfnlint.helpers import REGIONS as KNOWN
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from jsonschema import Draft7Validator

from diaspora_cf.generator import ROOT
from diaspora_cf.pages.regions import REGIONS, ZONES_WITHOUT_LINK

Template = dict[str, Any]
DATABASES = "data/schemas/extensions/aws_rds_dbinstance/dbinstanceclass_enum.json"
MACHINES = "data/schemas/extensions/aws_ec2_instance/instancetype_enum.json"


def test_the_regions_are_those_that_have_all_that_the_defaults_ask_for(template: Template) -> None:
    types = {resource["Type"] for resource in template["Resources"].values()}
    machine = template["Parameters"]["PodInstanceType"]["Default"]
    machines = json.loads((Path(cfnlint.__file__).parent / MACHINES).read_text("utf-8"))
    able = {
        region
        for region in KNOWN
        if types <= set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))
        and machine in machines.get(region, {"enum": []})["enum"]
    }
    assert able == set(REGIONS)


def test_every_class_of_database_that_is_offered_is_there_in_each_of_them(
    template: Template,
) -> None:
    # The linter does not look behind a reference to a parameter.
    schemas = json.loads((Path(cfnlint.__file__).parent / DATABASES).read_text("utf-8"))
    offered = template["Parameters"]["DatabaseInstanceClass"]["AllowedValues"]
    lacking = {
        (region, kind)
        for region in REGIONS
        for kind in (*offered, "db.t0.none")
        if not Draft7Validator(schemas[region]).is_valid(
            {"Engine": "postgres", "DBInstanceClass": kind}
        )
    }
    assert lacking == {(region, "db.t0.none") for region in REGIONS}


def test_each_of_them_is_linted() -> None:
    linted = yaml.safe_load((ROOT / ".cfnlintrc").read_text("utf-8"))["regions"]
    assert linted == list(REGIONS)


def test_a_zone_without_a_link_is_of_a_region_that_is_offered() -> None:
    for region, zones in ZONES_WITHOUT_LINK.items():
        assert region in REGIONS
        assert all(re.fullmatch("[a-z]+[0-9]-az[0-9]", zone) for zone in zones)
