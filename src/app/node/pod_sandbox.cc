#include "app/node/pod_sandbox.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "core/kube/names.h"
#include "core/node/etc_files.h"
#include "core/node/pod_dns.h"
#include "sys/container/pod_files.h"
#include "sys/files/files.h"

namespace hitless::app {
namespace {

/// For an agent that starts again, and for the API server's news to reach it.
constexpr nanoseconds kAgentTime = seconds(10);

SandboxError sandboxError(const Error& error) {
  return {"FailedCreatePodSandBox", "Failed to create pod sandbox: " + error.text()};
}

}  // namespace

tl::expected<void, SandboxError> PodSandbox::makeVolumes(const node::PodSpec& spec,
                                                         const node::Sources& sources) {
  for (const node::Volume& volume : spec.volumes) {
    if (const Status made = makeVolume(spec, volume, sources); !made) {
      return tl::unexpected<SandboxError>(
          {"FailedMount", fmt::format("MountVolume.SetUp failed for volume \"{}\" : {}",
                                      volume.name, made.error().text())});
    }
  }
  return {};
}

void PodSandbox::make(const node::PodSpec& spec, const node::Sources& sources, Made made) {
  made_ = std::move(made);
  uid_ = spec.uid;
  directory_ = context_.directory + "/pods/" + uid_;
  if (auto volumes = makeVolumes(spec, sources); !volumes) {
    return fail(std::move(volumes).error());
  }
  Status done = spec.hostNetwork ? Status() : claim(spec);
  if (done) {
    done = connect(spec);
  }
  if (done) {
    done = writeFiles(spec);
  }
  if (!done) {
    return fail(sandboxError(done.error()));
  }
  if (spec.hostNetwork) {
    succeed();
  }
}

/// The agent works while the rest is made.
Status PodSandbox::claim(const node::PodSpec& spec) {
  const IpAddress address = TRY(network_.take(spec.uid));
  podIP_ = address.text();
  claim_ = std::make_shared<PodRequest>(
      PodRequest{{spec.ns, spec.name, spec.uid, {address}}, std::to_string(++context_.sandboxes)});
  context_.agent.add(*claim_, kAgentTime,
                     [this, claim = std::weak_ptr(claim_)](const Status& status) {
                       if (!claim.expired()) {
                         isolated(status);
                       }
                     });
  return {};
}

void PodSandbox::isolated(const Status& status) {
  const Status done = status ? network_.open(uid_) : status;
  done ? succeed() : fail(sandboxError(done.error()));
}

/// The owner may drop this object: nothing is touched after.
void PodSandbox::fail(SandboxError error) {
  const Made made = std::exchange(made_, nullptr);
  remove();
  made(tl::unexpected<SandboxError>(std::move(error)));
}

void PodSandbox::succeed() {
  const Made made = std::exchange(made_, nullptr);
  made({});
}

void PodSandbox::remove() {
  if (directory_.empty()) {
    return;
  }
  if (const auto claim = std::exchange(claim_, nullptr)) {
    context_.agent.del(*claim, kAgentTime, [](const Status&) {});
  }
  network_.detach(uid_);
  sandbox_.reset();
  podIP_.clear();
  sys::removeTree(directory_);
  directory_.clear();
}

Status PodSandbox::connect(const node::PodSpec& spec) {
  sandbox_ =
      TRY(sys::Sandbox::create(node::hostnameOf(spec), spec.hostNetwork, [] { return Status(); }));
  if (spec.hostNetwork) {
    podIP_ = context_.facts.address;
    return {};
  }
  return network_.connect(spec.uid, *sandbox_);
}

Status PodSandbox::writeFiles(const node::PodSpec& spec) {
  const std::string etc = directory_ + "/etc";
  TRY_VOID(sys::makeDirectories(etc, 0755));
  TRY_VOID(sys::makeOpenDirectory(directory_ + "/shm", 01777));
  TRY_VOID(sys::writeFile(etc + "/hosts", node::hostsFile(spec, podIP_), 0644));
  const std::string hostname = spec.hostNetwork ? context_.facts.name : node::hostnameOf(spec);
  TRY_VOID(sys::writeFile(etc + "/hostname", hostname + "\n", 0644));
  return sys::writeFile(etc + "/resolv.conf", resolvFile(spec), 0644);
}

std::string PodSandbox::resolvFile(const node::PodSpec& spec) {
  const std::string nodeFile = sys::readFile("/etc/resolv.conf").value_or("");
  node::PodDns dns = node::podDnsOf(spec, dns::parseResolvConf(nodeFile), context_.clusterDns);
  warnings_ = std::move(dns.events);
  return dns::render(dns.conf);
}

std::string PodSandbox::volumePath(const node::PodSpec& spec, const node::Volume& volume) const {
  if (const auto* claim = std::get_if<node::Claim>(&volume.source)) {
    // The nodes of a cluster share the directory, so that a pod finds its data on any of them.
    return fmt::format("{}/claims/{}/{}", context_.directory, spec.ns, claim->name);
  }
  if (const auto* host = std::get_if<node::HostPath>(&volume.source)) {
    return host->path;
  }
  return directory_ + "/volumes/" + volume.name;
}

Status PodSandbox::makeVolume(const node::PodSpec& spec, const node::Volume& volume,
                              const node::Sources& sources) {
  if (const auto* unsupported = std::get_if<node::UnsupportedVolume>(&volume.source)) {
    return hitless::fail(ErrorKind::kUnsupported,
                         fmt::format("this node has no volumes of kind {}", unsupported->kind),
                         "use emptyDir, hostPath, configMap, secret, downwardAPI, projected or "
                         "persistentVolumeClaim");
  }
  if (const auto* claim = std::get_if<node::Claim>(&volume.source);
      claim != nullptr && kube::dnsSubdomainError(claim->name)) {
    return invalid(fmt::format("\"{}\" is no name of a claim", claim->name));
  }
  if (const auto* host = std::get_if<node::HostPath>(&volume.source)) {
    return sys::checkHostPath(*host);
  }
  const std::string path = volumePath(spec, volume);
  if (const auto* projected = std::get_if<node::Projected>(&volume.source)) {
    const node::PodFacts facts{podIP_, context_.facts.address, context_.facts.cpus,
                               context_.facts.memoryBytes};
    return sys::writeVolume(path, TRY(node::volumeFiles(spec, *projected, facts, sources)));
  }
  return sys::makeOpenDirectory(path, 0777);
}

Result<std::vector<sys::ContainerMount>> PodSandbox::mountsOf(
    const node::PodSpec& spec, const node::ContainerSpec& container,
    const node::Environment& environment) const {
  std::vector<sys::ContainerMount> out;
  for (const char* file : {"hosts", "hostname", "resolv.conf"}) {
    out.push_back({fmt::format("{}/etc/{}", directory_, file), "", fmt::format("/etc/{}", file),
                   false, true});
  }
  out.push_back({directory_ + "/shm", "", "/dev/shm", false, true});
  for (const node::VolumeMount& mount : container.mounts) {
    const auto volume = std::find_if(spec.volumes.begin(), spec.volumes.end(),
                                     [&](const node::Volume& v) { return v.name == mount.name; });
    if (volume == spec.volumes.end()) {
      return invalid(fmt::format("volumeMount names no volume: \"{}\"", mount.name));
    }
    const std::string subPath = mount.subPathExpr.empty()
                                    ? mount.subPath
                                    : node::expandVariables(mount.subPathExpr, environment);
    if (!subPath.empty() && !node::staysInside(subPath)) {
      return invalid(fmt::format("subPath \"{}\" leaves its volume", subPath));
    }
    const std::string source = volumePath(spec, *volume);
    struct stat info {};
    if (!subPath.empty() && ::stat((source + "/" + subPath).c_str(), &info) != 0) {
      TRY_VOID(sys::makeOpenDirectory(source + "/" + subPath, 0777));
    }
    const bool projected = std::holds_alternative<node::Projected>(volume->source);
    out.push_back({source, subPath, mount.mountPath, mount.readOnly || projected, false});
  }
  return out;
}

}  // namespace hitless::app
