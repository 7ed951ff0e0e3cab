//! A job object: it contains everything that a process starts, and ends it.

use std::ffi::c_void;
use std::io;
use std::mem::{offset_of, size_of};
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_BASIC_PROCESS_ID_LIST,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JOBOBJECTINFOCLASS, JobObjectBasicAccountingInformation,
    JobObjectBasicProcessIdList, JobObjectExtendedLimitInformation, QueryInformationJobObject,
    SetInformationJobObject, TerminateJobObject,
};

use crate::result::ResourceUsage;

/// The exit code of processes that we end, as `TerminateProcess` callers usually set it.
const KILLED_EXIT_CODE: u32 = 1;

#[derive(Debug)]
pub(super) struct Job(OwnedHandle);

impl Job {
    /// A job that ends its processes when its last handle closes. The handle is not inheritable: a child that
    /// held it would keep the job open.
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: null means no name and the default security, which is not inheritable.
        let handle = unsafe { CreateJobObjectW(std::ptr::null(), std::ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a handle that was just created and has no other owner.
        let job = Self(unsafe { OwnedHandle::from_raw_handle(handle) });
        job.set_limits(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)?;
        Ok(job)
    }

    fn set_limits(&self, flags: u32) -> io::Result<()> {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = flags;
        // SAFETY: the buffer is of the type that the class asks for, and of its size.
        let done = unsafe {
            SetInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast::<c_void>(),
                size_of_u32::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>(),
            )
        };
        checked(done)
    }

    /// Puts a suspended process into the job.
    pub(super) fn assign(&self, process: BorrowedHandle<'_>) -> io::Result<()> {
        // SAFETY: both handles are open.
        checked(unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), process.as_raw_handle()) })
    }

    /// Ends every process in the job. An empty job is not an error.
    pub(super) fn terminate(&self) {
        // SAFETY: the handle is open.
        unsafe { TerminateJobObject(self.0.as_raw_handle(), KILLED_EXIT_CODE) };
    }

    /// Lets the rest of the job outlive its handle: after a natural end, it is left alone.
    pub(super) fn release(&self) {
        if let Err(error) = self.set_limits(0) {
            tracing::debug!(%error, "processes left in the job end with it");
        }
    }

    /// The processes in the job.
    pub(super) fn pids(&self) -> Vec<u32> {
        const MAX_SIZE: usize = 64 * 1024;
        // The list's header is two `u32`; its ids are pointer-sized. A buffer of `usize` is aligned for both.
        let head = offset_of!(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList) / size_of::<usize>();
        let mut buffer = vec![0_usize; head + 256];
        loop {
            let size = u32::try_from(buffer.len() * size_of::<usize>()).unwrap_or(u32::MAX);
            // SAFETY: the buffer is writable, aligned for the list, and of the size given.
            let done = unsafe {
                QueryInformationJobObject(
                    self.0.as_raw_handle(),
                    JobObjectBasicProcessIdList,
                    buffer.as_mut_ptr().cast::<c_void>(),
                    size,
                    std::ptr::null_mut(),
                )
            };
            // SAFETY: the buffer is larger than the header, zeroed or filled by the call.
            let list = unsafe { &*buffer.as_ptr().cast::<JOBOBJECT_BASIC_PROCESS_ID_LIST>() };
            let (assigned, listed) =
                (list.NumberOfAssignedProcesses as usize, list.NumberOfProcessIdsInList as usize);
            if done != 0 && listed >= assigned || buffer.len() > MAX_SIZE {
                let ids = buffer.iter().skip(head).take(listed);
                return ids.filter_map(|&id| u32::try_from(id).ok()).collect();
            }
            // ERROR_MORE_DATA: the header says how many there are.
            if done == 0 && assigned == 0 {
                return Vec::new();
            }
            buffer = vec![0; head + (assigned + 64).max(buffer.len() * 2)];
        }
    }

    /// CPU time of everything that ever ran in the job, and the largest memory of any one process.
    pub(super) fn usage(&self) -> Option<ResourceUsage> {
        let times: JOBOBJECT_BASIC_ACCOUNTING_INFORMATION =
            self.query(JobObjectBasicAccountingInformation)?;
        let memory: JOBOBJECT_EXTENDED_LIMIT_INFORMATION = self.query(JobObjectExtendedLimitInformation)?;
        let millis = |hundred_nanos: i64| u64::try_from(hundred_nanos).unwrap_or(0) / 10_000;
        Some(ResourceUsage {
            user_cpu_ms: millis(times.TotalUserTime),
            system_cpu_ms: millis(times.TotalKernelTime),
            max_rss_bytes: Some(memory.PeakProcessMemoryUsed as u64),
        })
    }

    fn query<T: Default>(&self, class: JOBOBJECTINFOCLASS) -> Option<T> {
        let mut value = T::default();
        // SAFETY: both callers pair the class with its plain-data type; the buffer is of that type's size.
        let done = unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                class,
                (&raw mut value).cast::<c_void>(),
                size_of_u32::<T>(),
                std::ptr::null_mut(),
            )
        };
        (done != 0).then_some(value)
    }
}

fn size_of_u32<T>() -> u32 {
    u32::try_from(size_of::<T>()).unwrap_or(u32::MAX)
}

fn checked(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
