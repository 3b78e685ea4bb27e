#include "sys/doctor/collector.h"

#include <sys/utsname.h>

#include <memory>
#include <thread>

#include "sys/doctor/evidence_files.h"
#include "sys/doctor/providers.h"

namespace hitless::sys {
namespace {

using doctor::Evidence;
using doctor::Sample;
using doctor::Want;

bool isFile(std::string_view name) {
  return !name.starts_with("kernel/");
}

class Collection {
 public:
  explicit Collection(const CollectOptions& options) : options_(options) {}

  void sample(std::span<const Want> wants, bool again) {
    Sample& sample = evidence_.samples.emplace_back();
    sample.at = std::chrono::steady_clock::now() - begin_;
    for (const Want& want : wants) {
      if (again && !want.twice) {
        continue;
      }
      if (isFile(want.name)) {
        readFiles(want.name, options_.maxFile, sample.files, evidence_.unread);
      } else if (const Provider* provider = providerOf(want.name)) {
        keep(want.name, provider->read(), sample);
      }
    }
  }

  void keep(std::string_view name, Result<std::string> text, Sample& sample) {
    if (text) {
      sample.files.insert_or_assign(std::string(name), *std::move(text));
    } else if (text.error().kind != ErrorKind::kNotFound) {
      evidence_.unread.insert_or_assign(std::string(name), text.error().text());
    }
  }

  /// Counted from the first sample's beginning, so that slow readings do not add to it.
  void waitUntil(nanoseconds interval) const { std::this_thread::sleep_until(begin_ + interval); }

  Evidence& evidence() { return evidence_; }

 private:
  const CollectOptions& options_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  Evidence evidence_;
};

void introduce(Evidence& evidence) {
  utsname system{};
  if (::uname(&system) == 0) {
    evidence.host = system.nodename;
    evidence.kernel = system.release;
  }
  evidence.taken = std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now());
}

struct Running {
  std::string_view name;
  Result<std::unique_ptr<Recording>> recording;
};

std::vector<Running> startRecordings(std::span<const Want> wants) {
  std::vector<Running> running;
  for (const Want& want : wants) {
    if (const Recorder* recorder = recorderOf(want.name)) {
      running.push_back({want.name, recorder->start()});
    }
  }
  return running;
}

}  // namespace

Evidence collect(std::span<const Want> wants, const CollectOptions& options) {
  Collection collection(options);
  introduce(collection.evidence());
  const std::vector<Running> running = startRecordings(wants);
  collection.sample(wants, false);
  bool again = !running.empty();
  for (const Want& want : wants) {
    again |= want.twice;
  }
  if (again) {
    collection.waitUntil(options.interval);
    collection.sample(wants, true);
  }
  for (const Running& record : running) {
    collection.keep(
        record.name,
        record.recording ? (*record.recording)->finish() : tl::unexpected(record.recording.error()),
        collection.evidence().samples.back());
  }
  return std::move(collection.evidence());
}

}  // namespace hitless::sys
