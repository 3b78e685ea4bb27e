#include "core/kube/discovery.h"

#include <gtest/gtest.h>

#include <set>

#include "core/kube/resource.h"
#include "testing/golden.h"

namespace hitless::kube {
namespace {

/// What later versions say differently, in the recorded version's way.
json::object asRecorded(json::object resource) {
  resource["singularName"] = "";
  if (resource.at("name") == "pods/eviction") {
    resource["version"] = "v1beta1";
  }
  if (resource.at("name") == "services") {
    json::array& verbs = resource["verbs"].as_array();
    verbs.erase(std::remove(verbs.begin(), verbs.end(), json::value("deletecollection")),
                verbs.end());
  }
  return resource;
}

void expectAsRecorded(std::string_view group, const std::string& file) {
  const auto recorded = testing::goldenObject(file);
  if (!recorded) {
    GTEST_SKIP() << "no recorded data";
  }
  std::size_t compared = 0;
  const json::object ours = apiResourceList(group, "v1");
  for (const json::value& resource : ours.at("resources").as_array()) {
    for (const json::value& theirs : recorded->at("resources").as_array()) {
      if (theirs.at("name") == resource.at("name")) {
        json::object expected = theirs.as_object();
        expected.erase("storageVersionHash");
        EXPECT_EQ(asRecorded(resource.as_object()), expected);
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 5u);
}

TEST(Discovery, ListsCoreResourcesAsRecorded) {
  expectAsRecorded("", "objects/disc-api_v1.json");
}

TEST(Discovery, ListsAppsResourcesAsRecorded) {
  expectAsRecorded("apps", "objects/disc-apis_apps_v1.json");
}

TEST(Discovery, SaysHowToEvict) {
  const json::object list = apiResourceList("", "v1");
  bool found = false;
  for (const json::value& resource : list.at("resources").as_array()) {
    if (resource.at("name") == "pods/eviction") {
      found = true;
      EXPECT_EQ(resource.at("kind"), "Eviction");
      EXPECT_EQ(resource.at("group"), "policy");
      EXPECT_EQ(resource.at("version"), "v1");
    }
  }
  EXPECT_TRUE(found);
}

TEST(Discovery, EverySubresourceOfTheTableIsDescribed) {
  for (const Resource& resource : resources()) {
    const json::object list = apiResourceList(resource.group, resource.version);
    std::set<std::string> names;
    for (const json::value& entry : list.at("resources").as_array()) {
      names.insert(std::string(entry.at("name").as_string()));
    }
    EXPECT_TRUE(names.contains(std::string(resource.plural)));
    for (const std::string_view sub : resource.subresources) {
      EXPECT_TRUE(names.contains(std::string(resource.plural) + "/" + std::string(sub))) << sub;
    }
  }
}

TEST(Discovery, AggregatesGroupsApart) {
  const json::object core = aggregatedDiscovery(true, "v2");
  ASSERT_EQ(core.at("items").as_array().size(), 1u);
  EXPECT_EQ(core.at("apiVersion"), "apidiscovery.k8s.io/v2");
  EXPECT_FALSE(core.at("items").at(0).at("metadata").as_object().contains("name"));
  const json::object others = aggregatedDiscovery(false, "v2beta1");
  EXPECT_EQ(others.at("items").at(0).at("metadata").at("name"), "apps");
  EXPECT_EQ(others.at("items").as_array().size(), apiGroupList().at("groups").as_array().size());
}

TEST(Discovery, AggregatesVersionsOfAGroupTogether) {
  const json::object others = aggregatedDiscovery(false, "v2");
  std::vector<std::string> versions;
  for (const json::value& item : others.at("items").as_array()) {
    if (item.at("metadata").at("name") == "gateway.networking.k8s.io") {
      for (const json::value& version : item.at("versions").as_array()) {
        versions.emplace_back(version.at("version").as_string());
      }
    }
  }
  EXPECT_EQ(versions, (std::vector<std::string>{"v1", "v1beta1"}));
}

TEST(Discovery, NamesGroupsAndVersions) {
  EXPECT_EQ(apiGroup("apps").at("preferredVersion").at("groupVersion"), "apps/v1");
  EXPECT_TRUE(apiGroup("nonsense").empty());
  EXPECT_TRUE(apiGroup("").empty());
  EXPECT_TRUE(apiResourceList("apps", "v2").empty());
  EXPECT_EQ(
      apiVersions("127.0.0.1:6443").at("serverAddressByClientCIDRs").at(0).at("serverAddress"),
      "127.0.0.1:6443");
}

}  // namespace
}  // namespace hitless::kube
