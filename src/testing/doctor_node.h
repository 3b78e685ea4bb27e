#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "core/doctor/check.h"
#include "core/doctor/repairer.h"
#include "sys/doctor/collector.h"
#include "sys/doctor/repairers.h"
#include "sys/netlink/link.h"
#include "testing/netns.h"
#include "testing/result.h"

/// One check at work in the network namespace of the test.
namespace hitless::testing {

/// What a check sees when `between` happens between its two samples.
template <class Between>
doctor::Evidence observe(const doctor::Check& check, Between between) {
  std::vector<doctor::Want> once(check.wants.begin(), check.wants.end());
  for (doctor::Want& want : once) {
    want.twice = false;
  }
  doctor::Evidence evidence = sys::collect(once);
  between();
  doctor::Evidence after = sys::collect(once);
  evidence.samples.push_back(std::move(after.samples.front()));
  evidence.samples.back().at = std::chrono::seconds(1);
  return evidence;
}

inline std::vector<doctor::Finding> look(const doctor::Check& check) {
  return check.run(observe(check, [] {}));
}

/// Repairs what findings offer, and takes it back.
class Healer : public doctor::UndoLog {
 public:
  Status record(const doctor::UndoEntry& entry) override {
    entries_.push_back(entry);
    return {};
  }

  void repair(const std::vector<doctor::Finding>& findings) {
    for (const doctor::Finding& finding : findings) {
      for (const doctor::Action& action : finding.repair) {
        doctor::Repairer* repairer = whoCanDo(action);
        ASSERT_NE(repairer, nullptr) << doctor::describe(action);
        ASSERT_OK(repairer->plan(action));
        ASSERT_OK(repairer->apply({&action, 1}, *this));
        ASSERT_OK(repairer->verify({&action, 1}));
      }
    }
    ASSERT_FALSE(entries_.empty());
  }

  void undo() {
    for (; !entries_.empty(); entries_.pop_back()) {
      for (doctor::Repairer* repairer : all_.all()) {
        if (repairer->name() == entries_.back().repairer) {
          ASSERT_OK(repairer->undo(entries_.back()));
        }
      }
    }
  }

 private:
  doctor::Repairer* whoCanDo(const doctor::Action& action) {
    for (doctor::Repairer* repairer : all_.all()) {
      if (repairer->canDo(action)) {
        return repairer;
      }
    }
    return nullptr;
  }

  sys::Repairers all_;
  std::vector<doctor::UndoEntry> entries_;
};

/// Below /proc/sys, of the namespace that the test is in.
inline void setSysctl(const std::string& sysctl, const std::string& value) {
  ASSERT_TRUE(writeProcFile(("/proc/sys/" + sysctl).c_str(), value)) << sysctl;
}

/// An interface that is up, with nothing behind its other end.
inline void addInterface(const std::string& name) {
  auto links = sys::Links::open();
  ASSERT_OK(links);
  ASSERT_OK(links->addVeth(name, name + "-peer", -1));
  ASSERT_OK(links->setUp(name));
  ASSERT_OK(links->setUp(name + "-peer"));
}

/// A node as a bridge CNI makes it: cni0 with one pod's interface on it.
inline void makePodNode() {
  auto links = sys::Links::open();
  ASSERT_OK(links);
  ASSERT_OK(links->setUp("lo"));
  ASSERT_OK(links->addBridge("cni0"));
  ASSERT_OK(links->addAddress("cni0", *Cidr::parse("10.42.0.1/24")));
  ASSERT_OK(links->addVeth("veth0", "peer0", -1));
  ASSERT_OK(links->setMaster("veth0", "cni0", true));
  for (const char* name : {"cni0", "veth0", "peer0"}) {
    ASSERT_OK(links->setUp(name));
  }
  setSysctl("net/ipv4/ip_forward", "1");
  setSysctl("net/bridge/bridge-nf-call-iptables", "1");
}

}  // namespace hitless::testing
