#include "core/kube/openapi.h"

#include <gtest/gtest.h>

#include "core/kube/resource.h"

namespace hitless::kube {
namespace {

void collectReferences(const json::value& value, std::vector<std::string>& out) {
  if (const json::object* object = value.if_object()) {
    for (const auto& entry : *object) {
      if (entry.key() == "$ref" && entry.value().is_string()) {
        out.emplace_back(entry.value().get_string());
      } else {
        collectReferences(entry.value(), out);
      }
    }
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) {
      collectReferences(item, out);
    }
  }
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  for (const Resource& resource : resources()) {
    const json::object document = openApiV3(resource.group, resource.version);
    const json::object& schemas = document.at("components").at("schemas").as_object();
    std::vector<std::string> references;
    collectReferences(document, references);
    EXPECT_FALSE(references.empty());
    for (const std::string& reference : references) {
      EXPECT_TRUE(schemas.contains(reference.substr(std::string("#/components/schemas/").size())))
          << reference;
    }
  }
}

TEST(OpenApi, TellsKubectlHowToMerge) {
  const json::object document = openApiV3("apps", "v1");
  const json::object& schemas = document.at("components").at("schemas").as_object();
  const json::object& ports =
      schemas.at("io.k8s.api.core.v1.Container").at("properties").at("ports").as_object();
  EXPECT_EQ(ports.at("x-kubernetes-patch-merge-key"), "containerPort");
  EXPECT_EQ(ports.at("x-kubernetes-patch-strategy"), "merge");
  EXPECT_EQ(ports.at("x-kubernetes-list-map-keys"), (json::array{"containerPort", "protocol"}));
  const json::value& volumes =
      schemas.at("io.k8s.api.core.v1.PodSpec").at("properties").at("volumes");
  EXPECT_EQ(volumes.at("x-kubernetes-patch-strategy"), "merge,retainKeys");
  EXPECT_EQ(schemas.at("io.k8s.api.apps.v1.DeploymentSpec")
                .at("properties")
                .at("strategy")
                .at("x-kubernetes-patch-strategy"),
            "retainKeys");
}

TEST(OpenApi, OffersDryRunAndFieldValidationOnPatch) {
  const json::object document = openApiV3("apps", "v1");
  const json::value& patch = document.at("paths")
                                 .at("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
                                 .at("patch");
  EXPECT_EQ(patch.at("x-kubernetes-group-version-kind").at("kind"), "Deployment");
  std::vector<std::string_view> names;
  for (const json::value& parameter : patch.at("parameters").as_array()) {
    names.push_back(parameter.at("name").as_string());
  }
  EXPECT_EQ(names,
            (std::vector<std::string_view>{"dryRun", "fieldManager", "fieldValidation", "force"}));
}

TEST(OpenApi, IndexesEveryGroupWithAHash) {
  const json::object index = openApiV3Index();
  const json::object& paths = index.at("paths").as_object();
  EXPECT_TRUE(paths.contains("api/v1"));
  EXPECT_TRUE(std::string_view(paths.at("apis/apps/v1").at("serverRelativeURL").as_string())
                  .starts_with("/openapi/v3/apis/apps/v1?hash="));
  EXPECT_TRUE(openApiV3("nonsense", "v1").empty());
}

TEST(OpenApi, OldFormIsAProtobufDocument) {
  EXPECT_EQ(openApiV2Protobuf(),
            "\x0a\x03"
            "2.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.33.0");
}

}  // namespace
}  // namespace hitless::kube
