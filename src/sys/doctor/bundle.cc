#include "sys/doctor/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <memory>

#include "base/text.h"
#include "core/doctor/about_json.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

using doctor::Evidence;

constexpr std::string_view kFolder = "hitless-doctor/";
constexpr std::string_view kAbout = "about.json";
constexpr std::size_t kMaxUnpacked = std::size_t{512} << 20;

using Archive = std::unique_ptr<archive, int (*)(archive*)>;
using Entry = std::unique_ptr<archive_entry, void (*)(archive_entry*)>;

/// libarchive hands the packed bytes over here; nothing is on the disk before all are there.
la_ssize_t keepBytes(archive*, void* out, const void* bytes, std::size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

Status failed(archive* of, std::string_view what) {
  const char* said = archive_error_string(of);
  return invalid(fmt::format("{}: {}", what, said == nullptr ? "unknown error" : said));
}

Status addFile(archive* to, std::string_view name, const std::string& content, WallTime time) {
  const Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), fmt::format("{}{}", kFolder, name).c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  archive_entry_set_mtime(entry.get(), std::chrono::floor<seconds>(time).time_since_epoch().count(),
                          0);
  if (archive_write_header(to, entry.get()) != ARCHIVE_OK ||
      archive_write_data(to, content.data(), content.size()) !=
          static_cast<la_ssize_t>(content.size())) {
    return failed(to, "packing");
  }
  return {};
}

/// "1/proc/locks" -> sample 1; nullptr for what belongs to none.
std::string* placeOf(Evidence& evidence, std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) {
    return nullptr;
  }
  const auto index = parseUint(name.substr(0, slash));
  if (!index || *index >= evidence.samples.size()) {
    return nullptr;
  }
  return &evidence.samples[*index].files[std::string(name.substr(slash + 1))];
}

Result<std::string> content(archive* from, std::size_t& budget) {
  std::string text;
  char buffer[65536];
  la_ssize_t got = 0;
  while ((got = archive_read_data(from, buffer, sizeof buffer)) > 0) {
    if (static_cast<std::size_t>(got) > budget) {
      return invalid("the bundle is larger than 512 MiB when unpacked");
    }
    budget -= static_cast<std::size_t>(got);
    text.append(buffer, static_cast<std::size_t>(got));
  }
  if (got < 0) {
    return tl::unexpected(failed(from, "unpacking").error());
  }
  return text;
}

Result<Evidence> unpack(archive* from) {
  std::size_t budget = kMaxUnpacked;
  std::optional<Evidence> evidence;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(from, &entry)) == ARCHIVE_OK) {
    const char* path = archive_entry_pathname(entry);
    std::string_view name = path == nullptr ? "" : path;
    if (!name.starts_with(kFolder) || archive_entry_filetype(entry) != AE_IFREG) {
      continue;
    }
    name.remove_prefix(kFolder.size());
    const std::string copy(name);  // The entry is gone when its data has been read.
    std::string text = TRY(content(from, budget));
    if (copy == kAbout) {
      evidence = TRY(doctor::parseAbout(text));
    } else if (std::string* place = evidence ? placeOf(*evidence, copy) : nullptr) {
      *place = std::move(text);
    }
  }
  if (status != ARCHIVE_EOF) {
    return tl::unexpected(failed(from, "unpacking").error());
  }
  if (!evidence || evidence->samples.empty()) {
    return invalid("this is no bundle of hitless doctor: it has no about.json with samples",
                   "hitless doctor --bundle FILE makes one");
  }
  return *std::move(evidence);
}

Result<std::string> pack(const Evidence& evidence) {
  std::string bytes;
  const Archive out(archive_write_new(), archive_write_free);
  archive_write_add_filter_gzip(out.get());
  archive_write_set_format_pax_restricted(out.get());
  if (archive_write_open(out.get(), &bytes, nullptr, keepBytes, nullptr) != ARCHIVE_OK) {
    return tl::unexpected(failed(out.get(), "packing").error());
  }
  TRY_VOID(addFile(out.get(), kAbout, doctor::renderAbout(evidence), evidence.taken));
  for (std::size_t i = 0; i < evidence.samples.size(); ++i) {
    for (const auto& [name, text] : evidence.samples[i].files) {
      TRY_VOID(addFile(out.get(), fmt::format("{}/{}", i, name), text, evidence.taken));
    }
  }
  if (archive_write_close(out.get()) != ARCHIVE_OK) {
    return tl::unexpected(failed(out.get(), "packing").error());
  }
  return bytes;
}

}  // namespace

Status writeBundle(const std::string& path, const Evidence& evidence) {
  return writeFile(path, TRY(pack(evidence)), 0600);
}

Result<Evidence> readBundle(const std::string& path) {
  const std::string bytes = TRY(readFile(path));
  const Archive in(archive_read_new(), archive_read_free);
  archive_read_support_filter_gzip(in.get());
  archive_read_support_format_tar(in.get());
  if (archive_read_open_memory(in.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return invalid(path + " is no bundle of hitless doctor, which is a tar.gz");
  }
  auto evidence = unpack(in.get());
  return evidence ? std::move(evidence) : tl::unexpected(std::move(evidence).error().about(path));
}

}  // namespace hitless::sys
