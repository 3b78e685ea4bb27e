#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/control/api_sink.h"
#include "core/control/bootstrap.h"
#include "core/control/manager.h"
#include "core/control/memory_store.h"
#include "testing/deployments.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"

/// The controllers on the API server's own code: nothing that they write may be refused by its
/// defaulting, validation and admission, and what comes back must satisfy them.
namespace hitless::control {
namespace {

using kube::res::kDeployments;
using kube::res::kEndpoints;
using kube::res::kEndpointSlices;
using kube::res::kNamespaces;
using kube::res::kNodes;
using kube::res::kPods;
using kube::res::kReplicaSets;
using kube::res::kServices;
using ::testing::IsEmpty;

struct IgnoredTimeline : timeline::Sink {
  void record(const timeline::Event&) override {}
};

/// Remembers what was refused.
class WatchedSink : public ActionSink {
 public:
  explicit WatchedSink(Registry& registry) : sink_(registry) {}
  std::vector<std::string> refusals;

  Result<kube::ObjectPtr> execute(const Action& action) override {
    auto result = sink_.execute(action);
    if (!result) {
      refusals.push_back(result.error().text());
    }
    return result;
  }

 private:
  ApiSink sink_;
};

class RealApi : public ::testing::Test {
 protected:
  RealApi() : registry_(store_, clock_, rng_, timeline_, {}), sink_(registry_) {
    BootstrapOptions options;
    options.dns = *IpAddress::parse("10.96.0.10");
    const Status made = bootstrap(registry_, options);
    EXPECT_TRUE(made) << made.error().text();
    manager_ =
        std::make_unique<Manager>(store_, sink_, timeline_, clock_, rng_, ManagerOptions{}, [] {});
    manager_->start();
    create(kNodes, R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},
        "status":{"conditions":[{"type":"Ready","status":"True"}]}})");
    settle();
  }

  void settle() {
    for (int i = 0; i < 20000; ++i) {
      const auto next = manager_->nextWake();
      if (!manager_->runSome(1) && (!next || *next > clock_.mono())) {
        return;
      }
    }
    FAIL() << "the controllers do not come to rest";
  }

  void create(const kube::Resource& resource, std::string_view json) {
    (void)sink_.execute(Create{&resource, kube::parseJson(json)->as_object()});
  }

  void patch(const kube::Resource& resource, std::string_view name, std::string_view json,
             std::string subresource = "") {
    (void)sink_.execute(
        Patch{{&resource, resource.namespaced ? "default" : "", std::string(name), ""},
              std::move(subresource),
              kube::parseJson(json)->as_object()});
  }

  void remove(const kube::Resource& resource, std::string_view name, std::string policy = "") {
    (void)sink_.execute(
        Delete{{&resource, resource.namespaced ? "default" : "", std::string(name), ""},
               {},
               std::move(policy)});
  }

  /// Plays the kubelet until nothing changes.
  void runPods() {
    for (bool changed = true; changed;) {
      settle();
      changed = false;
      for (const kube::ObjectPtr& object : store_.list(kPods, "default")) {
        const kube::Pod pod = kube::podOf(*object);
        if (pod.meta.terminating()) {
          (void)sink_.execute(Delete{{&kPods, "default", pod.meta.name, ""}, 0});
        } else if (!pod.nodeName.empty() && !pod.ready()) {
          patch(kPods, pod.meta.name,
                fmt::format(R"({{"status":{{"phase":"Running","podIPs":[{{"ip":"10.42.0.{}"}}],
                    "conditions":[{{"type":"Ready","status":"True","lastTransitionTime":"{}"}}]}}}})",
                            ++lastIp_, formatTime(clock_.wall())),
                "status");
        } else {
          continue;
        }
        changed = true;
      }
    }
  }

  kube::Deployment web() const {
    return kube::deploymentOf(*store_.get(kDeployments, "default", "web"));
  }

  hitless::testing::FakeClock clock_;
  hitless::testing::FakeRng rng_;
  IgnoredTimeline timeline_;
  MemoryStore store_;
  Registry registry_;
  WatchedSink sink_;
  std::unique_ptr<Manager> manager_;
  int lastIp_ = 0;
};

TEST_F(RealApi, TheDnsServiceHasTheNodesAsItsServers) {
  create(kNodes, R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n2"},
      "status":{"addresses":[{"type":"InternalIP","address":"172.30.0.10"}],
                "conditions":[{"type":"Ready","status":"True"}]}})");
  settle();
  EXPECT_THAT(sink_.refusals, IsEmpty());
  const auto service = store_.get(kServices, "kube-system", "kube-dns");
  ASSERT_TRUE(service);
  EXPECT_EQ(kube::serviceOf(*service).clusterIPs, std::vector<std::string>{"10.96.0.10"});
  const auto slice = store_.get(kEndpointSlices, "kube-system", "kube-dns");
  ASSERT_TRUE(slice);
  const kube::EndpointSlice decoded = kube::endpointSliceOf(*slice);
  ASSERT_EQ(decoded.endpoints.size(), 1U);
  EXPECT_EQ(decoded.endpoints[0].addresses, std::vector<std::string>{"172.30.0.10"});
  EXPECT_EQ(decoded.ports.size(), 3U);
  // At rest: what it wrote is what it wants.
  patch(kNodes, "n2", R"({"metadata":{"labels":{"a":"b"}}})");
  settle();
  const auto again = store_.get(kEndpointSlices, "kube-system", "kube-dns");
  EXPECT_EQ(kube::metaOf(*again).resourceVersion, decoded.meta.resourceVersion);
}

TEST_F(RealApi, ARolloutIsAcceptedAndComesToRest) {
  create(kServices, hitless::testing::kWebService);
  create(kDeployments, hitless::testing::webDeployment(4));
  runPods();
  EXPECT_EQ(web().meta.generation, 1);
  EXPECT_EQ(web().status.observedGeneration, 1);
  EXPECT_EQ(web().status.availableReplicas, 4);
  patch(kDeployments, "web", hitless::testing::restartPatch("2026-11-21T00:00:01Z"));
  runPods();
  EXPECT_EQ(web().meta.generation, 2);
  EXPECT_EQ(web().status.updatedReplicas, 4);
  EXPECT_EQ(web().meta.annotations.at("deployment.kubernetes.io/revision"), "2");
  EXPECT_EQ(kube::endpointSliceOf(*store_.list(kEndpointSlices, "default").at(0)).endpoints.size(),
            4u);
  EXPECT_THAT(sink_.refusals, IsEmpty());

  const std::uint64_t before = store_.revision();
  clock_.advance(seconds(5));
  settle();
  EXPECT_EQ(store_.revision(), before);
}

TEST_F(RealApi, DeletionsEnd) {
  create(kServices, hitless::testing::kWebService);
  create(kDeployments, hitless::testing::webDeployment(2));
  create(kNamespaces, R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})");
  runPods();
  EXPECT_NE(store_.get(kube::res::kServiceAccounts, "shop", "default"), nullptr);
  EXPECT_NE(store_.get(kube::res::kConfigMaps, "shop", "kube-root-ca.crt"), nullptr);
  remove(kNamespaces, "shop");
  settle();
  EXPECT_EQ(store_.get(kNamespaces, "", "shop"), nullptr);

  remove(kDeployments, "web", "Foreground");
  settle();
  EXPECT_NE(store_.get(kDeployments, "default", "web"), nullptr);
  runPods();
  EXPECT_EQ(store_.get(kDeployments, "default", "web"), nullptr);
  EXPECT_THAT(store_.list(kReplicaSets, "default"), IsEmpty());
  remove(kServices, "web");
  settle();
  EXPECT_THAT(store_.list(kEndpointSlices, "default"), IsEmpty());
  EXPECT_EQ(store_.get(kEndpoints, "default", "web"), nullptr);
  EXPECT_THAT(sink_.refusals, IsEmpty());
}

TEST_F(RealApi, ALostNodeAndItsPodsAreReported) {
  create(kPods, R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"default"},
      "spec":{"containers":[{"name":"c","image":"x"}]}})");
  runPods();
  clock_.advance(seconds(60));
  settle();
  const kube::Node node = kube::nodeOf(*store_.get(kNodes, "", "n1"));
  EXPECT_EQ(kube::findCondition(node.conditions, "Ready")->status, "Unknown");
  EXPECT_FALSE(kube::podOf(*store_.get(kPods, "default", "p")).ready());
  EXPECT_THAT(sink_.refusals, IsEmpty());
}

}  // namespace
}  // namespace hitless::control
