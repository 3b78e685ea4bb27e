#include "core/doctor/checks/leaked-links/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/links.h"
#include "core/doctor/processes.h"
#include "testing/doctor_links.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::interface;
using testing::MadeEvidence;

Network leaky() {
  Network network;
  network.interfaces = {interface(4, "veth1", "veth", 3), interface(5, "veth2", "veth", 3)};
  network.interfaces[0].peerNetns = 0;
  network.interfaces[1].peerNetns = 1;
  network.namespaces = {{100, 0, 2, "cni-a"}, {101, 1, 0, "cni-b"}, {102, std::nullopt, 0, "mine"}};
  network.namespacesWhole = true;
  return network;
}

TEST(LeakedLinks, FindsInterfacesIntoEmptyNamespaces) {
  MadeEvidence made;
  made.becomes(names::kLinks, renderNetwork(leaky()), renderNetwork(leaky()));
  const auto found = kLeakedLinks.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kInfo) << "one may be a pod that starts";
  EXPECT_THAT(found[0].evidence.at(0), HasSubstr("veth2 leads to /run/netns/cni-b"));
  EXPECT_TRUE(found[0].repair.empty());

  Network busy = leaky();
  busy.namespaces[1].processes = 1;
  made.becomes(names::kLinks, renderNetwork(busy), renderNetwork(leaky()));
  EXPECT_TRUE(kLeakedLinks.run(made.evidence).empty()) << "it had one a moment ago";
  Network part = leaky();
  part.namespacesWhole = false;
  made.becomes(names::kLinks, renderNetwork(part), renderNetwork(part));
  EXPECT_TRUE(kLeakedLinks.run(made.evidence).empty()) << "not all processes could be seen";
}

TEST(LeakedLinks, FindsLeasesWithoutASandbox) {
  MadeEvidence made;
  const auto id = [](char letter) { return std::string(64, letter); };
  Process pause;
  pause.pid = 9;
  pause.cgroup = "/kubepods.slice/cri-containerd-" + id('a') + ".scope";
  made.has(names::kProcesses, renderProcesses({pause}));
  made.has("var/lib/cni/networks/cbr0/10.42.0.2", id('a') + "\r\neth0");
  made.has("var/lib/cni/networks/cbr0/last_reserved_ip.0", "10.42.0.9");
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(kLeakedLinks.run(made.evidence).empty());
    made.has("var/lib/cni/networks/cbr0/10.42.0.1" + std::to_string(i),
             id(static_cast<char>('b' + i)) + "\r\neth0");
  }
  const auto found = kLeakedLinks.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].summary, HasSubstr("4 of 5 addresses"));
  made.has("var/lib/cni/networks/cbr0/10.42.0.2", id('x'));
  EXPECT_TRUE(kLeakedLinks.run(made.evidence).empty()) << "its cgroups have other names";
}

}  // namespace
}  // namespace hitless::doctor
