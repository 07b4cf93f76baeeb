"""Lookups of templates: what is allowed, and nothing else; missing things are named."""

import json
from collections.abc import Callable

import pytest

from deployments.adapters import s3
from deployments.adapters.aws import Denied, client
from deployments.adapters.lookups import AwsLookups, permit_parameter
from deployments.errors import UserError

from .conftest import Aws

ALLOWED = ("ssm:/shop/*", "secretsmanager:shop/*", "cfn:shop-*", "s3:shop-state/*")


@pytest.fixture
def lookups(cloud: Aws) -> AwsLookups:
    return AwsLookups(ALLOWED)


def make_stack(name: str) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {
            "Url": {"Value": "https://db.example.com", "Export": {"Name": "shop-url"}},
            "Port": {"Value": "5432"},
        },
    }
    client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


class TestWhatIsAllowed:
    @pytest.mark.parametrize(
        ("kind", "name", "ask"),
        [
            ("ssm", "/bank/key", lambda them: them.ssm("/bank/key")),
            ("secretsmanager", "bank", lambda them: them.secretsmanager_arn("bank")),
            ("cfn", "bank", lambda them: them.cfn_output("bank", "Url")),
            ("cfn", "bank-url", lambda them: them.cfn_export("bank-url")),
            ("s3", "bank/x/y", lambda them: them.s3("bank", "x/y")),
        ],
    )
    def test_anything_else_is_not_even_asked_for(
        self,
        cloud: Aws,
        lookups: AwsLookups,
        kind: str,
        name: str,
        ask: Callable[[AwsLookups], object],
    ) -> None:
        with pytest.raises(UserError, match=f"may not use .* {name}\\.$") as caught:
            ask(lookups)
        assert f"--allow '{kind}:{name}'" in caught.value.hint
        assert cloud.calls == []

    def test_nothing_is_allowed_by_default(self, cloud: Aws) -> None:
        with pytest.raises(UserError, match="may not use"):
            AwsLookups(()).ssm("/shop/url")

    def test_an_arn_is_no_way_around_a_name(self, cloud: Aws, lookups: AwsLookups) -> None:
        # GetParameter takes ARNs, too, of other accounts as well:
        # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
        arn = "arn:aws:ssm:eu-west-1:999999999999:parameter/shop/key"
        for them in (lookups, AwsLookups(("ssm:*",))):
            with pytest.raises(UserError, match="may not use"):
                them.ssm(arn)
        assert cloud.calls == []
        permit_parameter((f"ssm:{arn}",), arn)


class TestParameters:
    def put(self, name: str, value: str, kind: str) -> None:
        make = client("ssm").put_parameter
        make(Name=name, Value=value, Type=kind, Overwrite=True)

    @pytest.mark.parametrize("kind", ["String", "SecureString"])
    def test_a_value_is_read_and_decrypted(self, lookups: AwsLookups, kind: str) -> None:
        self.put("/shop/url", "postgres://", kind)
        assert lookups.ssm("/shop/url") == "postgres://"

    # https://github.com/fujiwara/ssm-lookup/blob/main/ssm/lookup_test.go
    def test_an_element_of_a_list_is_read_by_its_index(self, lookups: AwsLookups) -> None:
        self.put("/shop/zones", "a,b,c", "StringList")
        assert [lookups.ssm("/shop/zones", index) for index in (0, 2)] == ["a", "c"]

    def test_a_list_needs_an_index_and_only_a_list_has_one(self, lookups: AwsLookups) -> None:
        self.put("/shop/zones", "a,b", "StringList")
        self.put("/shop/url", "x", "String")
        with pytest.raises(UserError, match="is a StringList: say which element"):
            lookups.ssm("/shop/zones")
        with pytest.raises(UserError, match="is a String: leave the index out"):
            lookups.ssm("/shop/url", 0)

    @pytest.mark.parametrize("index", [2, -1])
    def test_an_index_outside_of_the_list_is_told(self, lookups: AwsLookups, index: int) -> None:
        self.put("/shop/zones", "a,b", "StringList")
        with pytest.raises(UserError, match=f"has 2 elements: there is no element {index}"):
            lookups.ssm("/shop/zones", index)

    def test_what_is_missing_is_named(self, lookups: AwsLookups) -> None:
        with pytest.raises(UserError, match="There is no SSM parameter /shop/gone"):
            lookups.ssm("/shop/gone")

    def test_an_answer_is_asked_for_once(self, cloud: Aws, lookups: AwsLookups) -> None:
        self.put("/shop/zones", "a,b", "StringList")
        assert [lookups.ssm("/shop/zones", 0) for _ in range(3)] == ["a"] * 3
        assert lookups.ssm("/shop/zones", 1) == "b"
        assert cloud.count("GetParameter") == 2
        AwsLookups(ALLOWED).ssm("/shop/zones", 0)
        assert cloud.count("GetParameter") == 3

    def test_what_lacks_the_tag_is_told_with_what_to_do(
        self, cloud: Aws, lookups: AwsLookups
    ) -> None:
        # With a condition on tags, AWS refuses what is missing, too: it has no tag.
        cloud.refuses("GetParameter", "AccessDeniedException")
        with pytest.raises(Denied, match="AWS refused to read the SSM parameter /shop/x") as caught:
            lookups.ssm("/shop/x")
        assert "the SSM parameter /shop/x exists" in caught.value.hint
        assert "edaha:readable-by = edaha" in caught.value.hint


class TestSecrets:
    def test_a_secrets_arn_is_found_without_its_value(
        self, cloud: Aws, lookups: AwsLookups
    ) -> None:
        made = client("secretsmanager").create_secret(Name="shop/db", SecretString="x")
        assert lookups.secretsmanager_arn("shop/db") == made["ARN"]
        assert cloud.count("GetSecretValue") == 0

    def test_one_that_is_missing_or_on_its_way_out_is_named(self, lookups: AwsLookups) -> None:
        client("secretsmanager").create_secret(Name="shop/old", SecretString="x")
        client("secretsmanager").delete_secret(SecretId="shop/old")
        for name in ("shop/gone", "shop/old"):
            with pytest.raises(UserError, match=f"no secret {name}, or it is scheduled"):
                lookups.secretsmanager_arn(name)


class TestStacks:
    def test_outputs_and_exports_are_read(self, lookups: AwsLookups) -> None:
        make_stack("shop-db")
        assert lookups.cfn_output("shop-db", "Port") == "5432"
        assert lookups.cfn_export("shop-url") == "https://db.example.com"

    def test_what_is_missing_is_named(self, lookups: AwsLookups) -> None:
        make_stack("shop-db")
        with pytest.raises(UserError, match="There is no stack shop-gone"):
            lookups.cfn_output("shop-gone", "Url")
        with pytest.raises(UserError, match="shop-db has no output Host") as caught:
            lookups.cfn_output("shop-db", "Host")
        assert caught.value.hint == "Its outputs: Port, Url."
        with pytest.raises(UserError, match="No CloudFormation stack exports shop-host"):
            lookups.cfn_export("shop-host")

    def test_an_export_on_a_later_page_is_found(self, cloud: Aws, lookups: AwsLookups) -> None:
        # ListExports gives 100 a page:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListExports.html
        pages = [{"Exports": [{"Name": f"shop-{n}", "Value": f"v{n}"}]} for n in (1, 2)]
        cloud.answers("ListExports", {**pages[0], "NextToken": "more"}, pages[1])
        assert lookups.cfn_export("shop-2") == "v2"

    def test_a_template_that_is_wrong_is_not_taken_for_a_missing_stack(
        self, cloud: Aws, lookups: AwsLookups
    ) -> None:
        cloud.refuses("DescribeStacks", "ValidationError", "1 validation error detected")
        with pytest.raises(Exception, match="1 validation error detected"):
            lookups.cfn_output("shop-db", "Url")


class TestObjects:
    @pytest.fixture(autouse=True)
    def _bucket(self, cloud: Aws) -> None:
        place = {"LocationConstraint": "eu-west-1"}
        client("s3").create_bucket(
            Bucket="shop-state",
            CreateBucketConfiguration=place,
        )

    def test_an_object_is_read_once(self, cloud: Aws, lookups: AwsLookups) -> None:
        client("s3").put_object(Bucket="shop-state", Key="a/tfstate", Body=b"{}")
        assert [lookups.s3("shop-state", "a/tfstate") for _ in range(2)] == [b"{}"] * 2
        assert cloud.count("GetObject") == 1

    @pytest.mark.parametrize(("bucket", "key"), [("shop-state", "gone"), ("shop-none", "x")])
    def test_what_is_missing_is_named(self, cloud: Aws, bucket: str, key: str) -> None:
        with pytest.raises(UserError, match=f"There is no s3://{bucket}/{key}"):
            AwsLookups(["s3:*"]).s3(bucket, key)

    def test_what_is_too_large_is_not_read(
        self, lookups: AwsLookups, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(s3, "MAX_BYTES", 10)
        client("s3").put_object(Bucket="shop-state", Key="large", Body=b"x" * 11)
        with pytest.raises(UserError, match="large has 11 bytes; definitions may read 10 at most"):
            lookups.s3("shop-state", "large")

    def test_a_refusal_says_which_permission_is_missing(
        self, cloud: Aws, lookups: AwsLookups
    ) -> None:
        cloud.refuses("GetObject", "AccessDenied")
        with pytest.raises(Denied) as caught:
            lookups.s3("shop-state", "a")
        assert "s3:GetObject on arn:aws:s3:::shop-state/a" in caught.value.hint

    def test_a_slash_in_a_buckets_name_is_no_way_into_an_allowed_folder(
        self, lookups: AwsLookups
    ) -> None:
        with pytest.raises(UserError, match="Invalid bucket name"):
            lookups.s3("shop-state/a", "b")
