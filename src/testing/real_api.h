#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/control/api_sink.h"
#include "core/control/bootstrap.h"
#include "core/control/manager.h"
#include "core/control/memory_store.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"

/// The controllers on the API server's own code: nothing that they write may be refused by its
/// defaulting, validation and admission, and what comes back must satisfy them.
namespace hitless::control {

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
    create(kube::res::kNodes, R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},
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
      for (const kube::ObjectPtr& object : store_.list(kube::res::kPods, "default")) {
        const kube::Pod pod = kube::podOf(*object);
        if (pod.meta.terminating()) {
          (void)sink_.execute(Delete{{&kube::res::kPods, "default", pod.meta.name, ""}, 0});
        } else if (!pod.nodeName.empty() && !pod.ready()) {
          patch(kube::res::kPods, pod.meta.name,
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
    return kube::deploymentOf(*store_.get(kube::res::kDeployments, "default", "web"));
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

}  // namespace hitless::control
